package appintegrationstest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
)

// position is where a page begins.
type position struct {
	offset uint32 // of its first association
	page   uint32 // 1 is the first
}

// tokenizer makes the tokens of a server: a position with a MAC over it and the
// identifier that it belongs to.
type tokenizer struct{ key [32]byte }

const (
	// Its Base64 is "+/+/": a client that forgets to escape a token fails on
	// every one, and not on every tenth.
	tokenMark = "\xfb\xff\xbf"
	macSize   = 20 // so that the token also ends in "=="
	tokenSize = len(tokenMark) + 4 + 4 + macSize
)

func (t *tokenizer) encode(identifier string, p position) string {
	b := make([]byte, 0, tokenSize)
	b = append(b, tokenMark...)
	b = binary.BigEndian.AppendUint32(b, p.offset)
	b = binary.BigEndian.AppendUint32(b, p.page)
	b = append(b, t.mac(identifier, b)...)
	return base64.StdEncoding.EncodeToString(b)
}

// decode returns the position of a token, or false for a token that encode did
// not make for this identifier, byte for byte.
func (t *tokenizer) decode(identifier, token string) (position, bool) {
	b, err := base64.StdEncoding.DecodeString(token)
	if err != nil || len(b) != tokenSize {
		return position{}, false
	}
	body := b[:tokenSize-macSize]
	p := position{
		offset: binary.BigEndian.Uint32(body[len(tokenMark):]),
		page:   binary.BigEndian.Uint32(body[len(tokenMark)+4:]),
	}
	// Decoding forgives line ends and stray bits before the padding: only the
	// comparison of the text does not.
	return p, hmac.Equal([]byte(token), []byte(t.encode(identifier, p)))
}

func (t *tokenizer) mac(identifier string, body []byte) []byte {
	h := hmac.New(sha256.New, t.key[:])
	h.Write(body) // of fixed length, so that the identifier needs no separator
	h.Write([]byte(identifier))
	return h.Sum(nil)[:macSize]
}
