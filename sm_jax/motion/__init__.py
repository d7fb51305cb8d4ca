"""What is diffused: the state, the frame it stands in, its windows, gaps and conditions."""
