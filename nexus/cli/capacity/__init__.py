"""`nexus capacity`: pods for a load, by CPU profile.

command.py  the subcommand
plan.py     turns its options into profiles, a trace and a cost
output.py   prints the table, for people and for machines
chart.py    draws the chart
"""
