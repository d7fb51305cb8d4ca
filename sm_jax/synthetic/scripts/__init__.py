"""What two people can do with each other, one function a class."""
