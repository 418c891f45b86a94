using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Telemetry.AccessLogs;

namespace S3Overlay.Proxy.FrontDoor;

/// <summary>What only a bucket's log shows of a request. Made for requests to buckets that log.</summary>
internal sealed class LogNotes
{
    /// <summary>No store has longer version ids. Clients may send any.</summary>
    private const int MostOfVersion = 1024;

    private List<DeletedObject>? _deleted;

    /// <summary>Whether only an ACL allowed the request.</summary>
    public bool NeededAcl { get; set; }

    /// <summary>What DeleteObjects did, key by key; null for other requests.</summary>
    public IReadOnlyList<DeletedObject>? Deleted => _deleted;

    /// <summary>Notes what DeleteObjects did with one key.</summary>
    public void NoteDeleted(string key, string? versionId, S3Error? error) =>
        (_deleted ??= []).Add(new(key, Shown(versionId), error?.Status ?? 204, error?.Code));

    /// <summary>As much of a version id as is logged.</summary>
    public static string? Shown(string? versionId) => versionId is { Length: > MostOfVersion } ? versionId[..MostOfVersion] : versionId;
}
