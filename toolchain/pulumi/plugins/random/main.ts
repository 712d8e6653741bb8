import { serve } from "../support/server";
import { plugin } from "./plugin";

serve(plugin);
