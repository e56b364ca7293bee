"""Simulates the profiles of `deploy/` under a load: their pods and HPA, in virtual time.

targets.py    what an HPA compares with its pods: CPU, requests in flight, KEDA's triggers
scaling.py    an HPA's numbers: target, bounds, behaviour
ratio.py      pods' metrics -> desired replicas: tolerance, missing metrics, pods not yet ready
behaviour.py  desired replicas -> replicas: stabilisation windows, policies, bounds
hpa.py        both at each sync
profiles.py   the numbers of deploy/components/cpu-*
queueing.py   requests in flight in a pod that is busy for a part of its time
trace.py      a rate of requests over time
simulate.py   pods of a profile under a trace
recommend.py  compares the profiles, and recommends one

Pure: nothing here reads a file or a clock. `nexus capacity` is the command line.
"""
