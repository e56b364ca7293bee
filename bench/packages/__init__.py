"""`python -m bench.packages [NAME...]`: packages of npm, bundled, beside Node (needs node and npm).

Installs the packages that the cases in `cases/*.js` import, bundles each case with esbuild, runs it
on both engines with the default limits, and in Node without a bundle. Prints for each case whether
its value is Node's, or the reason if it failed, and the time of one run; ends with the shares. A
NAME chooses the cases whose title contains it.

cases.py   the cases, read from `cases/*.js`
npm.py     installs and bundles
runs.py    runs in Node and in Nexus
"""
