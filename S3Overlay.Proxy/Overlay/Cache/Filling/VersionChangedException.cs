namespace S3Overlay.Proxy.Overlay.Cache.Filling;

/// <summary>The remote no longer has the version that is being read (rule R7): the read starts again, or its answer is cut.</summary>
internal sealed class VersionChangedException(Exception? cause = null) : Exception("The object changed at the remote.", cause);
