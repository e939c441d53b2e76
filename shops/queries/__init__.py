"""The SQL of shops, a module a subject.

It never decides anything. Start at `onboarding` for how shops join, `imports` for files.
"""
