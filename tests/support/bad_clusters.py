"""Changes that break our cluster files: what is replaced, by what, and what the check says of it.

A mistake that has more than one consequence has a line each; warnings begin with `warning: `.
"""

TYPES = "available_node_types"
NO_RESULTS = "should be given: without it, results cannot be written to"
OPEN = "anyone who can reach a node can run code on it"

AWS = {
    ("max_workers: 4 ", "max_wokers: 4 "): "max_wokers: unknown key, did you mean 'max_workers'?",
    ("max_workers: 4 ", "max_workers: four "): "max_workers: must be a whole number, got 'four'",
    ("max_workers: 4 ", "max_workers: -1 "): "max_workers: must be at least 0, got -1",
    ("idle_timeout_minutes: 5", "idle_timeout_minutes: soon"): "idle_timeout_minutes: must be a "
    "number, got 'soon'",
    ("cluster_name: tune-mc1-gpu", "#"): "warning: cluster_name: should be given: "
    "Ray's default is the same for every file without one",
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
    ("resources: {CPU: 4, GPU: 1}", "resources: {CPU: 8, GPU: 1}"): f"warning: {TYPES}.gpu_1_spot."
    "resources.CPU: should be 4, as g5.xlarge has, got 8",
    ("InstanceType: g5.xlarge", "InstanceType: m5.xlarge"): f"{TYPES}.gpu_1_spot.resources.GPU: "
    "m5.xlarge has no GPU, got 1",
    ("resources: {CPU: 0}", "resources: {CPU: 16}"): f"warning: {TYPES}.head.resources.CPU: should "
    "be at most 4: m5.xlarge, got 16",
    ("min_workers: 0", "min_worker: 0"): f"{TYPES}.gpu_1_spot.min_worker: unknown key, did you "
    "mean 'min_workers'?",
    ("min_workers: 0", "min_workers: 6"): "max_workers: must be at least 6, the sum of the "
    f"node types' min_workers, got 4\n{TYPES}.gpu_1_spot.min_workers: must be at most "
    "max_workers (4), got 6",
    ("      IamInstanceProfile: {Name: tune-mc1-head}\n", "      InstanceMarketOptions: "
     "{MarketType: spot}\n      IamInstanceProfile: {Name: tune-mc1-head}\n"): f"warning: "
    f"{TYPES}.head."
    "node_config: should not be spot: the head runs the sweep",
    ("      IamInstanceProfile: {Name: tune-mc1-worker}\n", ""): f"warning: {TYPES}.gpu_1_spot."
    f"node_config.IamInstanceProfile: {NO_RESULTS} S3",
    ("      ImageId: *image\n", ""): f"warning: {TYPES}.gpu_1_spot.node_config.ImageId: should be "
    "given: "
    "Ray's default image dates from 2022, too old for current PyTorch",
    ("  ~/.ray/auth_token: ~/.ray/auth_token\n", ""): "file_mounts.~/.ray/auth_token: is required "
    "by RAY_AUTH_MODE=token: Ray does not start on a node without it",
    ("export RAY_AUTH_MODE=token; ulimit -n 65536;\n", "RAY_AUTH_MODE=disabled\n"): "warning: "
    f"head_start_ray_commands: should not disable Ray's token: {OPEN}",
    ("~/tune_mc1: .", "~/tune_mc1: ./nowhere"): "file_mounts.~/tune_mc1: must be a file or "
    "directory on this machine, got './nowhere'",
    ("2.60.0-py311-gpu", "2.57.1-py311-gpu"): "warning: docker.image: should have Ray 2.60.0, as "
    "this machine, whose launcher sets the cluster up, got 'rayproject/ray:2.57.1-py311-gpu'",
    ("2.60.0-py311-gpu", "2.44.1-py311-gpu"): "warning: docker.image: should have Ray 2.60.0, as "
    "this machine, whose launcher sets the cluster up, got 'rayproject/ray:2.44.1-py311-gpu'\n"
    "warning: docker.image: should have Ray <3,>=2.56, which this project is made for, got "
    "'rayproject/ray:2.44.1-py311-gpu'",
    ("2.60.0-py311-gpu", "2.60.0-py39-gpu"): "docker.image: must have Python RANGE, got "
    "'rayproject/ray:2.60.0-py39-gpu'",
    ("2.60.0-py311-gpu", "2.60.0-gpu"): "warning: docker.image: should name its Python, such as "
    "-py311: this project needs RANGE, got 'rayproject/ray:2.60.0-gpu'",
    ("2.60.0-py311-gpu", "2.60.0-py311"): "warning: docker.image: should be a -gpu image: its "
    "machines have GPUs, got 'rayproject/ray:2.60.0-py311'",
    ("2.60.0-py311-gpu", "latest-gpu"): "warning: docker.image: should name a version, or nodes "
    "that "
    "pull it later may get another one, got 'rayproject/ray:latest-gpu'",
    ("rayproject/ray:2.60.0", "rayproject/ray-ml:2.30.0"): "warning: docker.image: should be "
    "rayproject/ray: ray-ml is not updated, got 'rayproject/ray-ml:2.30.0-py311-gpu'",
    ("  container_name: tune_mc1\n", ""): "docker.container_name: is required with an image",
    ("pip install --quiet -e '.[bayes]'", "pip install ray==2.9.0 -e ."): "setup_"
    "commands[0]: must have Ray 2.60.0, as 'rayproject/ray:2.60.0-py311-gpu' has: all nodes need "
    "the same, got 'cd ~/tune_mc1 && pip install ray==2.9.0 -e "
    ".'",
    ("cd ~/tune_mc1 && pip install --quiet -e '.[bayes]'", "echo ready"): "warning: "
    "setup_commands: should install tune_mc1 on every node: its packages are not in the image",
    (" --autoscaling-config=~/ray_bootstrap_config.yaml", ""): "head_start_ray_commands: must have "
    "--autoscaling-config=~/ray_bootstrap_config.yaml, or no worker ever joins",
    ("--address=$RAY_HEAD_IP:6379", "--address=auto"): "worker_start_ray_commands: must have a "
    "`ray start --address=$RAY_HEAD_IP:6379`",
    ("--address=$RAY_HEAD_IP:6379", "--address=10.0.0.1:6379"): "warning: worker_start_ray_commands"
    ": should have --address=$RAY_HEAD_IP:6379: the head may get another address",
    ("  - sleep 10", "  - export WANDB_API_KEY=0123456789abcdef"): "warning: "
    "initialization_commands[1]: should not contain a secret: ship a file by file_mounts, or name "
    "a Kubernetes Secret",
    ("  cache_stopped_nodes: false", "  security_group: {GroupName: g, IpPermissions: [{FromPort: "
     "8265, ToPort: 8265, IpProtocol: TCP, IpRanges: [{CidrIp: 0.0.0.0/0}]}]}\n  "
     "cache_stopped_nodes: false"): "warning: provider.security_group.IpPermissions[0]: should "
    "open only SSH "
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
    ("      serviceAccounts: *account\n", ""): f"warning: {TYPES}.gpu_1.node_config."
    f"serviceAccounts: {NO_RESULTS} Cloud Storage\nwarning: {TYPES}.gpu_4.node_config."
    f"serviceAccounts: {NO_RESULTS} Cloud Storage",
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

SPEC = "spec.rayClusterSpec"
GROUP = f"{SPEC}.workerGroupSpecs[0]"
KUBERAY = {
    ("kind: RayJob", "kind: RayJop"): "kind: must be one of RayCluster, RayCronJob, "
    "RayJob, RayService, did you mean "
    "'RayJob'?, got 'RayJop'",
    ('"most": 4', '"most": 8'): f"warning: {SPEC}.headGroupSpec.template.spec.containers: should "
    "list the "
    """possible workers for the head, TUNE_MC1_WORKERS=[{"cpu": 4, "gpu": 1, "most": 4}], got """
    """'[{"cpu": 4, "gpu": 1, "most": 8}]'""",
    ("maxReplicas: 4", "maxReplica: 4"): f"{GROUP}.maxReplica: unknown key, did you mean "
    "'maxReplicas'?",
    ("maxReplicas: 4", "maxReplicas: many"): f"{GROUP}.maxReplicas: must be a whole number, got "
    "'many'",
    ("      - groupName: gpu-1\n        replicas: 0", "      - replicas: 0"):
    f"{GROUP}.groupName: is "
    "required",
    ('num-cpus: "0"', "num-cpus: 0"): f"{SPEC}.headGroupSpec.rayStartParams.num-cpus: must be text "
    "(put it in quotes), got 0",
    ("version: v2", "version: v3"): f"{SPEC}.autoscalerOptions.version: must be one of v1, v2, got "
    "'v3'",
    ("{mode: token}", "{mode: disabled}"): f"warning: {SPEC}.authOptions.mode: should be token: "
    "anyone "
    "who can reach the head can run code on it, got 'disabled'",
    ("    authOptions: {mode: token}\n", ""): f"warning: {SPEC}.authOptions.mode: should be token: "
    "anyone who can reach the head can run code on it, got null",
    ('rayVersion: "2.60.0"', 'rayVersion: "2.9.3"'): f"{SPEC}.rayVersion: must be 2.52 or newer, "
    "which "
    "authOptions requires, got '2.9.3'",
    ("serviceType: ClusterIP", "serviceType: LoadBalancer"): f"warning: "
    f"{SPEC}.headGroupSpec.serviceType: "
    "should be ClusterIP, so that nothing is open to the world, got 'LoadBalancer'",
    ("enableInTreeAutoscaling: true", "enableInTreeAutoscaling: false"): "warning: "
    f"{SPEC}.enableInTreeAutoscaling: should be true, or the groups stay at their replicas",
    ("            restartPolicy: Never\n            # serviceA", "            restartPolicy: "
     "Always\n            # serviceA"): f"{GROUP}.template.spec.restartPolicy: must be Never with "
    "autoscaler v2, which replaces pods itself, got 'Always'",
    ("            tolerations:", "            toleration:"): f"{GROUP}.template.spec.toleration: "
    "unknown key, did you mean 'tolerations'?",
    ("              - name: ray-worker\n                image:", "              - name: "
    "ray-worker\n"
     "                imag:"): f"{GROUP}.template.spec.containers[0].imag: unknown key, did you "
    "mean "
    "'image'?",
    ("limits: {cpu: \"4\", memory: 14Gi, nvidia.com/gpu: 1}", "limits: {cpu: \"4\", memory: 14Gi}"):
    f"{GROUP}.template.spec.containers[0].resources.limits.nvidia.com/gpu: must equal the request "
    "of nvidia.com/gpu, got null",
    ("                envFrom: *keys\n", ""): f"warning: {GROUP}.template.spec: should name a "
    "service account, a Secret (envFrom) or a shared volume, so that results can be written",
    ("                envFrom: *keys\n", "                envFrom: *keys\n                env: "
     "[{name: WANDB_API_KEY, value: abcdefgh}]\n"): f"warning: {GROUP}.template.spec.containers[0]."
    "env[0].value: should not contain a secret: ship a file by file_mounts, or name a Kubernetes "
    "Secret",
    ("  shutdownAfterJobFinishes: true", "  #"): "spec.ttlSecondsAfterFinished: requires "
    "shutdownAfterJobFinishes: true",
    ("  submissionMode: K8sJobMode", "  clusterSelector: {ray.io/cluster: other}\n  backoffLimit: "
    "2"):
    "spec.backoffLimit: must be 0 with a clusterSelector, got 2",
    ("submissionMode: K8sJobMode", "submissionMode: K8sJob"): "spec.submissionMode: must be one of "
    "K8sJobMode, HTTPMode, InteractiveMode, SidecarMode, did you mean 'K8sJobMode'?, got 'K8sJob'",
    ("  entrypoint: python -m tune_mc1 sweep grid --address auto -o s3://BUCKET/sweeps\n", ""):
    "spec.entrypoint: is required: the command of the job",
    ("apiVersion: ray.io/v1\nkind: RayJob", "apiVersion: ray.io/v1beta9\nkind: RayJob"): "api"
    "Version: must be one of ray.io/v1, ray.io/v1alpha1, did you mean 'ray.io/v1'?, got "
    "'ray.io/v1beta9'",
    ("minReplicas: 0", "minReplicas: 8"): f"{GROUP}.minReplicas: must be at most maxReplicas (4), "
    "got 8",
    ("cpu: \"4\", memory: 14Gi, nvidia.com/gpu: 1}\n                  limits", "cpu: four, memory: "
     "14Gi, nvidia.com/gpu: 1}\n                  limits"): f"{GROUP}.template.spec.containers[0]."
    "resources.requests.cpu: must be a quantity, such as 4, 500m or 8Gi, got 'four'",
    ("  name: tune-mc1-sweep\n", "  name: Tune_mc1\n"): "metadata.name: must be at most 47 "
    "lower-case "
    "letters, digits and '-', a letter first, got 'Tune_mc1'",
}  # fmt: skip
