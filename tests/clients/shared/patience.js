// How long tests wait for what must come: so long that only a fault takes longer, whatever else the machine does.
export const SECONDS_MAX = 180;
export const MS_MAX = SECONDS_MAX * 1000;
