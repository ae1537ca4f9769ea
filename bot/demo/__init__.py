"""The demo: a project on real data in the workspace on this machine, and the crowd that labelled it."""
