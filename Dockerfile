# The image of the function, for `make image` and for `fn deploy` (`runtime: docker` in func.yaml).
# Everything is prepared in the first stage; the second gets it as two layers, of which ours alone changes often.
ARG PYTHON=3.11
# `@sha256:…` of the two base images: docs/deploy.md, "Hold the base images". Without them a tag may move.
ARG BUILD_DIGEST=
ARG RUN_DIGEST=

FROM fnproject/python:${PYTHON}-dev${BUILD_DIGEST} AS build
WORKDIR /build
COPY src/function_package src/function_package
COPY requirements.txt requirements.lock ./
RUN PYTHONPATH=src python3 -m function_package dependencies /tree
# tasks.yaml where there is one: nothing is matched by it otherwise, which is no error beside func.py.
COPY func.py tasks.yam[l] .
COPY src/model_service src/model_service
RUN PYTHONPATH=src python3 -m function_package function /tree

FROM fnproject/python:${PYTHON}${RUN_DIGEST}
COPY --from=build /tree/python /python
COPY --from=build /tree/function /function
ENV PYTHONPATH=/function:/python
WORKDIR /function
# Functions runs every container as uid 1000, without privileges, on a file system that it cannot write to but for /tmp.
USER fn
# As `fdk func.py handler`, but loaded before the first call: a provisioned container makes nobody wait for imports.
ENTRYPOINT ["python3", "/function/func.py"]
