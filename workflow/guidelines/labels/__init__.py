"""The label schema that changes with a guideline version, and what becomes of the labels given under the former one."""
