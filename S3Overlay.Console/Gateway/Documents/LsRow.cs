namespace S3Overlay.WebConsole.Gateway.Documents;

/// <summary>A row of <c>GET ls</c>.</summary>
/// <param name="Name">The key, or the common prefix.</param>
/// <param name="Layer">Where a read is answered; null for a common prefix.</param>
/// <param name="Size">The object's size; null for a common prefix or a deleted key.</param>
/// <param name="Cached">Cached bytes; null if that is not known without a look at the object.</param>
/// <param name="LastModified">The object's date.</param>
public sealed record LsRow(string Name, RowLayer? Layer, long? Size, long? Cached, DateTimeOffset? LastModified);

/// <summary>Where a read of a row is answered.</summary>
public enum RowLayer
{
    /// <summary>Written here.</summary>
    Local,

    /// <summary>The remote's, and cached whole.</summary>
    Cache,

    /// <summary>The remote's.</summary>
    Remote,

    /// <summary>Deleted here.</summary>
    Deleted,
}
