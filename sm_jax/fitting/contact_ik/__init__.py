"""Inverse kinematics that keeps contacts between two people."""
