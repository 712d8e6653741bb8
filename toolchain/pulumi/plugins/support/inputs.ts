/** Reads inputs that passed the table's check. */
import { isValues, type Value, type Values } from "./wire";

export const text = (values: Values, key: string): string | undefined => {
  const value = values[key];
  return typeof value === "string" ? value : undefined;
};

export const number = (values: Values, key: string): number | undefined => {
  const value = values[key];
  return typeof value === "number" ? value : undefined;
};

export const flag = (values: Values, key: string): boolean | undefined => {
  const value = values[key];
  return typeof value === "boolean" ? value : undefined;
};

export const texts = (values: Values, key: string): string[] | undefined => {
  const value = values[key];
  return Array.isArray(value) ? value.map(String) : undefined;
};

export const objects = (values: Values, key: string): Values[] => {
  const value = values[key];
  return Array.isArray(value) ? value.filter((item: Value): item is Values => isValues(item)) : [];
};

export const object = (values: Values, key: string): Values | undefined => {
  const value = values[key];
  return isValues(value) ? value : undefined;
};

export const map = (values: Values, key: string): Record<string, string> | undefined => {
  const value = object(values, key);
  return value && Object.fromEntries(Object.entries(value).map(([name, item]) => [name, String(item)]));
};
