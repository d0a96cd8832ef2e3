"""Notices to hosts: drafted from a finding, signed off by named persons, submitted by hand, followed until the end.

`addressees/*.yaml` says what each addressee requires, `contacts.yaml` whom to write to; `spots` sorts the places of a
finding by host, `drafting` makes the text, `acts` is what a person does to a notice, `checking` looks again whether the
content is gone. Nothing here sends anything to anybody, and none of it is legal advice.
"""
