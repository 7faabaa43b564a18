"""What Fn hands to the function and takes from it: the invocation, the reply, the FDK's response."""
