import { repositoryOf } from "../readers/image-text";
import { LOCAL_TYPES, localContainer, type LocalContainer } from "../readers/local";
import { finding, type ResourceRule } from "../rule";

/** Postgres, MySQL, Redis, MongoDB, Elasticsearch, Memcached, etcd, RabbitMQ, Kafka, ClickHouse. */
const DATA_PORTS: ReadonlySet<string> = new Set([
  "5432",
  "3306",
  "6379",
  "27017",
  "9200",
  "9300",
  "11211",
  "2379",
  "2380",
  "5672",
  "9092",
  "8123",
]);
/** Images of stores. */
const DATA_IMAGES =
  /(?:^|[/_-])(?:postgres(?:ql)?|pgvector|timescaledb|mysql|mariadb|redis|valkey|mongo(?:db)?|elasticsearch|opensearch|memcached|etcd|rabbitmq|kafka|clickhouse|qdrant|weaviate|milvus)(?:$|[_-])/;

/** Programs that go with a store and keep nothing. */
const COMPANION = /(?:exporter|operator|proxy|commander|admin|insight|express|client|tools)/;

/** Whether a container keeps data, by its image. */
export function isDataStore({ image }: Pick<LocalContainer, "image">): boolean {
  const name =
    repositoryOf(image.text ?? "")
      .split("/")
      .at(-1) ?? "";
  return DATA_IMAGES.test(name) && !COMPANION.test(name);
}

/** A database is asked by its application, over their network; everybody else has no business there. */
export const localPortDisallowDataStore: ResourceRule = {
  scope: "resource",
  id: "LOC-05",
  name: "local-port-disallow-data-store",
  title: "No port of a database or a cache is published",
  severity: "high",
  reason: { source: "CIS Docker Benchmark 5.8", link: "https://docs.docker.com/engine/network/port-publishing/" },
  fix: "Remove the port: services of one network reach each other by name. To look into it run its client inside: docker exec.",
  level: { development: "advisory", promoted: "mandatory" },
  onUnknown: "skip",
  types: LOCAL_TYPES,
  check: (resource) => {
    const container = localContainer(resource);
    return container.ports
      .filter(({ internal, value }) => value.isUnknown || isDataStore(container) || DATA_PORTS.has(internal))
      .map(({ value }) => finding(resource, value, `a port of the data store ${container.name} is published`));
  },
};
