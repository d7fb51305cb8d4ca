"""The single-view fit of two bodies to keypoints and landmarks."""
