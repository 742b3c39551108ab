"""Changes that break our cluster files: what is replaced, by what, and what the check says of it.

A mistake that has more than one consequence has a line each.
"""

TYPES = "available_node_types"
NO_RESULTS = "results cannot be written to S3 or to a mounted directory"

AWS = {
    ("max_workers: 4 ", "max_wokers: 4 "): "max_wokers: unknown key, did you mean 'max_workers'?",
    ("max_workers: 4 ", "max_workers: four "): "max_workers: must be a whole number, got 'four'",
    ("max_workers: 4 ", "max_workers: -1 "): "max_workers: must be at least 0, got -1",
    ("idle_timeout_minutes: 5", "idle_timeout_minutes: soon"): "idle_timeout_minutes: must be a "
    "number, got 'soon'",
    ("cluster_name: tune-mc1-gpu", "#"): "cluster_name: is required",
    ("type: aws", "type: asw"): "provider.type: must be one of aws, gcp, local, azure, aliyun, "
    "vsphere, external, kuberay, did you mean 'aws'?, got 'asw'",
    ("region: us-west-2", "regoin: us-west-2"): "provider.region: is required\n"
    "provider.regoin: unknown key, did you mean 'region'?",
    ("region: us-west-2", "region: us-west-7"): "provider.region: is not an AWS region, did you "
    "mean 'us-west-2'?, got 'us-west-7'",
    ("region: us-west-2", "region: us-west-2\n  availability_zone: us-east-1a"): "provider."
    "availability_zone: must be a zone of the region us-west-2, got 'us-east-1a'",
    ("ssh_user: ubuntu", "ssh_usr: ubuntu"): "auth.ssh_user: is required: Ray sets up machines "
    "over SSH\nauth.ssh_usr: unknown key, did you mean 'ssh_user'?",
    ("head_node_type: head", "head_node_type: haed"): "head_node_type: must be one of head, "
    "gpu_1_spot, gpu_1, gpu_4_spot, gpu_4, did you mean 'head'?, got 'haed'",
    ("InstanceType: m5.xlarge", "InstanceType: m5.xlrage"): f"{TYPES}.head.node_config."
    "InstanceType: is not an AWS machine type, did you mean 'm5.xlarge'?, got 'm5.xlrage'",
    ("InstanceType: m5.xlarge", "InstanceTyp: m5.xlarge"): f"{TYPES}.head.node_config.InstanceType"
    f": is required\n{TYPES}.head.node_config.InstanceTyp: unknown key, did you mean "
    "'InstanceType'?",
    ("VolumeSize: 120, ", "VolumSize: 120, "): f"{TYPES}.head.node_config.BlockDeviceMappings[0]."
    "Ebs.VolumSize: unknown key, did you mean 'VolumeSize'?",
    ("VolumeSize: 120, ", "VolumeSize: 120GB, "): f"{TYPES}.head.node_config.BlockDeviceMappings"
    "[0].Ebs.VolumeSize: must be a whole number, got '120GB'",
    ("VolumeType: gp3", "VolumeType: gp9"): f"{TYPES}.head.node_config.BlockDeviceMappings[0].Ebs."
    "VolumeType: must be one of standard, io1, io2, gp2, sc1, st1, gp3, did you mean 'gp3'?, got "
    "'gp9'",
    ("{MarketType: spot}", "{MarketTyp: spot}"): f"{TYPES}.gpu_1_spot.node_config."
    "InstanceMarketOptions.MarketTyp: unknown key, did you mean 'MarketType'?",
    ("resources: {CPU: 4, GPU: 1}", "resources: {CPU: 4, GPU: 4}"): f"{TYPES}.gpu_1_spot.resources."
    "GPU: must be 1, as g5.xlarge has, got 4",
    ("resources: {CPU: 4, GPU: 1}", "resources: {CPU: 8, GPU: 1}"): f"{TYPES}.gpu_1_spot.resources."
    "CPU: must be 4, as g5.xlarge has, got 8",
    ("InstanceType: g5.xlarge", "InstanceType: m5.xlarge"): f"{TYPES}.gpu_1_spot.resources.GPU: "
    "m5.xlarge has no GPU, got 1",
    ("resources: {CPU: 0}", "resources: {CPU: 16}"): f"{TYPES}.head.resources.CPU: must be at most "
    "4: m5.xlarge, got 16",
    ("min_workers: 0", "min_worker: 0"): f"{TYPES}.gpu_1_spot.min_worker: unknown key, did you "
    "mean 'min_workers'?",
    ("min_workers: 0", "min_workers: 6"): "max_workers: must be at least 6, the sum of the "
    f"node types' min_workers, got 4\n{TYPES}.gpu_1_spot.min_workers: must be at most "
    "max_workers (4), got 6",
    ("      IamInstanceProfile: {Name: tune-mc1-head}\n", "      InstanceMarketOptions: "
     "{MarketType: spot}\n      IamInstanceProfile: {Name: tune-mc1-head}\n"): f"{TYPES}.head."
    "node_config: must not be spot: the head runs the sweep",
    ("      IamInstanceProfile: {Name: tune-mc1-worker}\n", ""): f"{TYPES}.gpu_1_spot.node_config."
    f"IamInstanceProfile: is required: {NO_RESULTS}",
    ("      ImageId: *image\n", ""): f"{TYPES}.gpu_1_spot.node_config.ImageId: is required: Ray's "
    "default image dates from 2022, too old for current PyTorch",
    ("  ~/.ray/auth_token: ~/.ray/auth_token\n", ""): "file_mounts.~/.ray/auth_token: is required: "
    "every node needs Ray's token to talk to the others",
    ("export RAY_AUTH_MODE=token; ulimit -n 65536;\n", "RAY_AUTH_MODE=disabled\n"): "head_start_"
    "ray_commands: must not disable Ray's token: anyone who can reach a node could run code "
    "on it",
    ("~/tune_mc1: .", "~/tune_mc1: ./nowhere"): "file_mounts.~/tune_mc1: must be a file or "
    "directory on this machine, got './nowhere'",
    ("2.60.0-py311-gpu", "2.44.1-py311-gpu"): "docker.image: must have Ray 2.60.0 as here, got "
    "'rayproject/ray:2.44.1-py311-gpu'",
    ("2.60.0-py311-gpu", "2.60.0-py39-gpu"): "docker.image: must have Python RANGE, got "
    "'rayproject/ray:2.60.0-py39-gpu'",
    ("2.60.0-py311-gpu", "2.60.0-gpu"): "docker.image: must name its Python version, such as "
    "-py311, got 'rayproject/ray:2.60.0-gpu'",
    ("2.60.0-py311-gpu", "2.60.0-py311"): "docker.image: must be a -gpu image: its machines have "
    "GPUs, got 'rayproject/ray:2.60.0-py311'",
    ("2.60.0-py311-gpu", "latest-gpu"): "docker.image: must name the versions of Ray and Python, "
    "as in 2.60.0-py311-gpu, got 'rayproject/ray:latest-gpu'",
    ("rayproject/ray:2.60.0", "rayproject/ray-ml:2.30.0"): "docker.image: must be rayproject/ray: "
    "ray-ml ended with Ray 2.30, got 'rayproject/ray-ml:2.30.0-py311-gpu'",
    ("  container_name: tune_mc1\n", ""): "docker.container_name: is required with an image",
    ("pip install --quiet -e '.[bayes]'", "pip install ray==2.9.0 -e ."): "setup_"
    "commands[0]: must install Ray 2.60.0 as here, got 'cd ~/tune_mc1 && pip install ray==2.9.0 -e "
    ".'",
    ("cd ~/tune_mc1 && pip install --quiet -e '.[bayes]'", "echo ready"): "setup_commands: must "
    "install tune_mc1 on every node",
    (" --autoscaling-config=~/ray_bootstrap_config.yaml", ""): "head_start_ray_commands: must have "
    "--autoscaling-config=~/ray_bootstrap_config.yaml, or no worker ever joins",
    ("--address=$RAY_HEAD_IP:6379", "--address=auto"): "worker_start_ray_commands: must have a "
    "`ray start --address=$RAY_HEAD_IP:6379`",
    ("  - sleep 10", "  - export WANDB_API_KEY=0123456789abcdef"): "initialization_commands[1]: "
    "must not contain a secret: ship a file by file_mounts, or name a Kubernetes Secret",
    ("  cache_stopped_nodes: false", "  security_group: {GroupName: g, IpPermissions: [{FromPort: "
     "8265, ToPort: 8265, IpProtocol: TCP, IpRanges: [{CidrIp: 0.0.0.0/0}]}]}\n  "
     "cache_stopped_nodes: false"): "provider.security_group.IpPermissions[0]: must open only SSH "
    "(port 22) to the world: ports 8265 to 8265",
}  # fmt: skip

GCP = {
    ("machineType: g2-standard-8", "machinType: g2-standard-8"): f"{TYPES}.gpu_1_spot.node_config."
    f"machineType: is required\n{TYPES}.gpu_1_spot.node_config.machinType: unknown key, did you "
    f"mean 'machineType'?\n{TYPES}.gpu_4_spot.node_config.machinType: unknown key, did you mean "
    "'machineType'?",
    ("{onHostMaintenance: TERMINATE}", "{onHostMaintenance: MIGRATE}"): "\n".join(
        f"{TYPES}.{name}.node_config.scheduling.onHostMaintenance: must be TERMINATE, as a machine "
        "with a GPU cannot be moved, got 'MIGRATE'" for name in ("gpu_1", "gpu_4")
    ),
    ("  project_id: my-project\n", ""): "provider.project_id: is required",
    ("availability_zone: us-central1-a", "availability_zone: europe-west4-a"): "provider."
    "availability_zone: must be a zone of the region us-central1, got 'europe-west4-a'",
    ("resources: {CPU: 48, GPU: 4}", "resources: {CPU: 48, GPU: 8}"): f"{TYPES}.gpu_4_spot."
    "resources.GPU: must be 4, as g2-standard-48 has, got 8",
    ("      serviceAccounts: *account\n", ""): f"{TYPES}.gpu_1.node_config.serviceAccounts: is "
    "required: results cannot be written to Cloud Storage or to a mounted directory\n"
    f"{TYPES}.gpu_4.node_config.serviceAccounts: is required: results cannot be written to "
    "Cloud Storage or to a mounted directory",
}  # fmt: skip

LOCAL = {
    ("  head_ip: 127.0.0.1\n", ""): "provider.head_ip: is required",
    ("    --autoscaling-config=~/ray_bootstrap_config.yaml\n", ""): "head_start_ray_commands: must "
    "have --autoscaling-config=~/ray_bootstrap_config.yaml, or no worker ever joins",
    ("worker_ips: []", "worker_ips: [10.0.0.2, 10.0.0.2]"): "provider.worker_ips[1]: must not "
    "be given twice, got '10.0.0.2'",
    ("worker_ips: []", "worker_ips: 10.0.0.2"): "provider.worker_ips: must be a list, got "
    "'10.0.0.2'",
    ("  worker_ips: []", "  worker_ip: []"): "provider.worker_ips: is required\n"
    "provider.worker_ip: unknown key, did you mean 'worker_ips'?",
}  # fmt: skip

GROUP = "spec.workerGroupSpecs[0]"
KUBERAY = {
    ("kind: RayJob", "kind: RayJop"): "kind: must be one of RayCluster, RayJob, did you mean "
    "'RayJob'?, got 'RayJop'",
    ('"most": 4', '"most": 8'): "spec.headGroupSpec.template.spec.containers: must list the "
    """possible workers for the head, TUNE_MC1_WORKERS=[{"cpu": 4, "gpu": 1, "most": 4}], got """
    """'[{"cpu": 4, "gpu": 1, "most": 8}]'""",
    ("maxReplicas: 4", "maxReplica: 4"): f"{GROUP}.maxReplica: unknown key, did you mean "
    "'maxReplicas'?",
    ("maxReplicas: 4", "maxReplicas: many"): f"{GROUP}.maxReplicas: must be a whole number, got "
    "'many'",
    ("    - groupName: gpu-1\n      replicas: 0", "    - replicas: 0"): f"{GROUP}.groupName: is "
    "required",
    ('num-cpus: "0"', "num-cpus: 0"): "spec.headGroupSpec.rayStartParams.num-cpus: must be text "
    "(put it in quotes), got 0",
    ("version: v2", "version: v3"): "spec.autoscalerOptions.version: must be one of v1, v2, got "
    "'v3'",
    ("{mode: token}", "{mode: disabled}"): "spec.authOptions.mode: must be token: anyone who can "
    "reach the head could run code on it, got 'disabled'",
    ("  authOptions: {mode: token}\n", ""): "spec.authOptions.mode: must be token: anyone who can "
    "reach the head could run code on it, got null",
    ('rayVersion: "2.60.0"', 'rayVersion: "2.9.3"'): "spec.rayVersion: must be 2.60.0 as here, got "
    "'2.9.3'",
    ("serviceType: ClusterIP", "serviceType: LoadBalancer"): "spec.headGroupSpec.serviceType: must "
    "be ClusterIP, so that nothing is open to the world, got 'LoadBalancer'",
    ("enableInTreeAutoscaling: true", "enableInTreeAutoscaling: false"): "spec."
    "enableInTreeAutoscaling: must be true, or the groups are never scaled",
    ("          restartPolicy: Never\n          # serviceA", "          restartPolicy: Always\n"
     "          # serviceA"): f"{GROUP}.template.spec.restartPolicy: must be Never with "
    "autoscaler v2, which replaces pods itself, got 'Always'",
    ("          tolerations:", "          toleration:"): f"{GROUP}.template.spec.toleration: "
    "unknown key, did you mean 'tolerations'?",
    ("            - name: ray-worker\n              image:", "            - name: ray-worker\n"
     "              imag:"): f"{GROUP}.template.spec.containers[0].imag: unknown key, did you mean "
    "'image'?",
    ("limits: {cpu: \"4\", memory: 14Gi, nvidia.com/gpu: 1}", "limits: {cpu: \"4\", memory: 14Gi}"):
    f"{GROUP}.template.spec.containers[0].resources.limits.nvidia.com/gpu: must equal the request "
    "of nvidia.com/gpu, got null",
    ("              envFrom: *keys\n", ""): f"{GROUP}.template.spec: must name a service account, "
    "a Secret (envFrom) or a shared volume, so that results can be written",
    ("              envFrom: *keys\n", "              envFrom: *keys\n              env: [{name: "
     "WANDB_API_KEY, value: abcdefgh}]\n"): f"{GROUP}.template.spec.containers[0].env[0].value: "
    "must not contain a secret: ship a file by file_mounts, or name a Kubernetes Secret",
    ("{ray.io/cluster: tune-mc1}", "{ray.io/cluster: tune-mc2}"): "spec.clusterSelector.ray.io/"
    "cluster: must be the RayCluster of this file, 'tune-mc1', got 'tune-mc2'",
    ("submissionMode: K8sJobMode", "submissionMode: K8sJob"): "spec.submissionMode: must be one of "
    "K8sJobMode, HTTPMode, InteractiveMode, SidecarMode, did you mean 'K8sJobMode'?, got 'K8sJob'",
    ("  entrypoint: python -m tune_mc1 sweep grid --address auto -o s3://BUCKET/sweeps\n", ""):
    "spec.entrypoint: is required: the command of the sweep",
    ("apiVersion: ray.io/v1\nkind: RayJob", "apiVersion: ray.io/v1beta9\nkind: RayJob"): "api"
    "Version: must be one of ray.io/v1, did you mean 'ray.io/v1'?, got 'ray.io/v1beta9'",
}  # fmt: skip
