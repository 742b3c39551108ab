"""JSON schemas of KubeRay's own fields: RayCluster and RayJob without the pod templates.

They follow the field reference of the custom resources `ray.io/v1` of KubeRay v1.7
(https://docs.ray.io/en/master/cluster/kubernetes/references/api.html). Pod templates, services and
similar objects belong to Kubernetes, which has its own schema. `kubectl apply` rejects unknown
fields too, but needs a cluster.
"""

from typing import Any

Schema = dict[str, Any]

KUBERAY_VERSION = "1.7"

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
COUNT: Schema = {"type": "integer", "minimum": 0}
POSITIVE: Schema = {"type": "integer", "minimum": 1}
NUMBER: Schema = {"type": "number"}
SWITCH: Schema = {"type": "boolean"}
TEXTS: Schema = {"type": "object", "additionalProperties": TEXT}
LIST: Schema = {"type": "array"}
OTHERS: Schema = {"type": "object"}
"""A mapping that belongs to Kubernetes, not to KubeRay."""


def _enum(*values: str) -> Schema:
    return {"type": "string", "enum": list(values)}


def _fields(required: tuple[str, ...] = (), /, **properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


_AUTH = _fields(mode=_enum("disabled", "token"), secretName=TEXT, enableK8sTokenAuth=SWITCH)
_AUTOSCALER = _fields(
    resources=OTHERS,
    image=TEXT,
    imagePullPolicy=_enum("Always", "IfNotPresent", "Never"),
    securityContext=OTHERS,
    idleTimeoutSeconds=COUNT,
    upscalingMode=_enum("Default", "Aggressive", "Conservative"),
    version=_enum("v1", "v2"),
    env=LIST,
    envFrom=LIST,
    volumeMounts=LIST,
    command=LIST,
    args=LIST,
)
_FAULT_TOLERANCE = _fields(
    backend=_enum("redis", "rocksdb"),
    redisUsername=OTHERS,
    redisPassword=OTHERS,
    externalStorageNamespace=TEXT,
    redisAddress=TEXT,
    storage=OTHERS,
)
_HEAD = _fields(
    ("template",),
    template=OTHERS,
    headService=OTHERS,
    enableIngress=SWITCH,
    ingressOptions=OTHERS,
    resources=TEXTS,
    labels=TEXTS,
    rayStartParams=TEXTS,
    serviceType=_enum("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"),
)
_WORKERS = _fields(
    ("groupName", "template"),
    suspend=SWITCH,
    groupName=TEXT,
    replicas=COUNT,
    minReplicas=COUNT,
    maxReplicas=COUNT,
    idleTimeoutSeconds=COUNT,
    priority=WHOLE,
    resources=TEXTS,
    labels=TEXTS,
    rayStartParams=TEXTS,
    template=OTHERS,
    scaleStrategy=_fields(workersToDelete=LIST),
    numOfHosts=POSITIVE,
)
_MANAGERS = _enum("ray.io/kuberay-operator", "kueue.x-k8s.io/multikueue")
RAY_CLUSTER_SPEC = _fields(
    ("headGroupSpec",),
    upgradeStrategy=_fields(type=_enum("Recreate", "None")),
    authOptions=_AUTH,
    suspend=SWITCH,
    managedBy=_MANAGERS,
    autoscalerOptions=_AUTOSCALER,
    headServiceAnnotations=TEXTS,
    enableInTreeAutoscaling=SWITCH,
    gcsFaultToleranceOptions=_FAULT_TOLERANCE,
    historyServerOptions=OTHERS,
    networkPolicy=OTHERS,
    tlsOptions=_fields(enabled=SWITCH),
    headGroupSpec=_HEAD,
    rayVersion=TEXT,
    workerGroupSpecs={"type": "array", "items": _WORKERS},
)
RAY_JOB_SPEC = _fields(
    (),
    activeDeadlineSeconds=POSITIVE,
    backoffLimit=COUNT,
    rayClusterSpec=RAY_CLUSTER_SPEC,
    submitterPodTemplate=OTHERS,
    metadata=TEXTS,
    clusterSelector=TEXTS,
    submitterConfig=_fields(backoffLimit=COUNT),
    managedBy=_MANAGERS,
    deletionStrategy=OTHERS,
    entrypoint=TEXT,
    runtimeEnvYAML=TEXT,
    jobId=TEXT,
    submissionMode=_enum("K8sJobMode", "HTTPMode", "InteractiveMode", "SidecarMode"),
    entrypointResources=TEXT,
    entrypointNumCpus=NUMBER,
    entrypointNumGpus=NUMBER,
    ttlSecondsAfterFinished=COUNT,
    preRunningDeadlineSeconds=POSITIVE,
    shutdownAfterJobFinishes=SWITCH,
    suspend=SWITCH,
)


def _resource(kind: str, spec: Schema) -> Schema:
    return _fields(
        ("apiVersion", "kind", "metadata", "spec"),
        apiVersion={"type": "string", "enum": ["ray.io/v1"]},
        kind=_enum(kind),
        metadata=OTHERS,
        spec=spec,
        status=OTHERS,
    )


RESOURCES: dict[str, Schema] = {
    "RayCluster": _resource("RayCluster", RAY_CLUSTER_SPEC),
    "RayJob": _resource("RayJob", RAY_JOB_SPEC),
}
"""Schemas of the resource kinds that this project reads."""
