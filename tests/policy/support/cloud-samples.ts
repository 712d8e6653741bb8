/** Resources of the clouds that keep every rule. */
import { IMAGE } from "./kubernetes-samples";
import { resource } from "./rule-cases";

const common = {
  image: IMAGE,
  user: "10001:10001",
  readonlyRootFilesystem: true,
  environment: [{ name: "LOG_LEVEL", value: "info" }],
  secrets: [{ name: "API_KEY", valueFrom: "arn:aws:secretsmanager:eu-central-1:111122223333:secret:api-key" }],
  logConfiguration: { logDriver: "awslogs", options: { "awslogs-group": "ralex", "awslogs-region": "eu-central-1" } },
};

const api = {
  ...common,
  name: "api",
  essential: true,
  portMappings: [{ containerPort: 8000 }],
  healthCheck: { command: ["CMD", "ralex-health"] },
  dependsOn: [{ containerName: "migrations", condition: "SUCCESS" }],
};

const migrations = { ...common, name: "migrations", essential: false };

/** The containers of {@link TASK}, as data. */
export const TASK_CONTAINERS = [api, migrations] as const;

/** A TaskDefinition of other containers. */
export const taskOf = (containers: unknown) =>
  resource("aws:ecs/taskDefinition:TaskDefinition", {
    family: "ralex-api",
    requiresCompatibilities: ["FARGATE"],
    networkMode: "awsvpc",
    cpu: "512",
    memory: "1024",
    containerDefinitions: JSON.stringify(containers),
    volumes: [{ name: "scratch" }],
  });

export const TASK = taskOf(TASK_CONTAINERS);

export const ECS_SERVICE = resource("aws:ecs/service:Service", {
  desiredCount: 2,
  networkConfiguration: { assignPublicIp: false, subnets: ["subnet-1", "subnet-2"] },
  deploymentCircuitBreaker: { enable: true, rollback: true },
  deploymentMinimumHealthyPercent: 100,
  deploymentMaximumPercent: 200,
  capacityProviderStrategies: [
    { capacityProvider: "FARGATE", base: 1, weight: 1 },
    { capacityProvider: "FARGATE_SPOT", weight: 3 },
  ],
});

export const CLOUD_RUN = resource("gcp:cloudrunv2/service:Service", {
  location: "europe-west1",
  ingress: "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
  template: {
    timeout: "3600s",
    serviceAccount: "ralex-api@ralex.iam.gserviceaccount.com",
    scaling: { minInstanceCount: 1, maxInstanceCount: 10 },
    containers: [
      {
        name: "api",
        image: IMAGE,
        ports: { containerPort: 8000 },
        envs: [
          { name: "LOG_LEVEL", value: "info" },
          { name: "API_KEY", valueSource: { secretKeyRef: { secret: "api-key", version: "1" } } },
        ],
        resources: { limits: { cpu: "1", memory: "512Mi" } },
      },
      { name: "exporter", image: IMAGE, resources: { limits: { cpu: "1", memory: "128Mi" } } },
    ],
  },
});

export const CLOUD_RUN_JOB = resource("gcp:cloudrunv2/job:Job", {
  location: "europe-west1",
  template: { template: { containers: [{ name: "migrations", image: IMAGE }] } },
});

export const CONTAINER_GROUP = resource("azure-native:containerinstance:ContainerGroup", {
  osType: "Linux",
  initContainers: [{ name: "migrations", image: IMAGE }],
  containers: [
    {
      name: "api",
      image: IMAGE,
      environmentVariables: [
        { name: "LOG_LEVEL", value: "info" },
        { name: "API_KEY", secureValue: "c2VjcmV0LW9mLXRoaXMtdGVzdA" },
      ],
      ports: [{ port: 8000 }],
      resources: { requests: { cpu: 1, memoryInGB: 1 }, limits: { cpu: 1, memoryInGB: 1 } },
    },
  ],
  ipAddress: { type: "Public", ports: [{ port: 443 }] },
});
