package main

func Example() {
	main()
	// Output:
	// connect-instance-2
	// connect-instance-7
	// stopped; going on from the checkpoint
	// connect-instance-12
	// connect-instance-17
}
