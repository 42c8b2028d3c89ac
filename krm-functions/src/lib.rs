//! The stateless KRM functions and the frame they run in. Pure over a ResourceList: no files, no clock, no cluster.
