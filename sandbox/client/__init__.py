"""What a page, a test or a scripted crowd may do and see, as one of the people of the workspace."""
