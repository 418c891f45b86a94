using System.Text.Json;

using S3Overlay.Proxy.Overlay.Administration;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Administration;

/// <summary>
/// <c>POST undelete</c>: undoes the deletes of a key, a prefix or a bucket, with a bucket its own deletion; or all deletes.
/// </summary>
internal sealed class UndeleteCall(IOverlayAdministration overlay, ProgressResponses progress) : IAdministrationCall
{
    /// <inheritdoc/>
    public string Method => "POST";

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Parameters => ["bucket", "key", "prefix", "all"];

    /// <inheritdoc/>
    public async Task<(string Result, S3Exception? Failure)> RunAsync(CallParameters parameters, S3Request request, S3Response response,
        CancellationToken cancellationToken)
    {
        var scope = parameters.Scope();
        var count = new UndeleteCount();
        var failure = await progress.RunAsync(
            token => overlay.UndeleteAsync(scope, count, token), json => Write(json, count), request, response, cancellationToken);
        return ($"{count.Tombstones} tombstones and {count.Buckets} bucket deletions undone, {count.Kept} skipped", failure);
    }

    private static void Write(Utf8JsonWriter json, UndeleteCount count)
    {
        json.WriteNumber("tombstones", count.Tombstones);
        json.WriteNumber("buckets", count.Buckets);
        json.WriteNumber("kept", count.Kept);
    }
}
