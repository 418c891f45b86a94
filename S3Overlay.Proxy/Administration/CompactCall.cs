using System.Text.Json;

using S3Overlay.Proxy.Overlay.Administration;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Administration;

/// <summary><c>POST compact</c>: removes tombstones of a bucket that hide nothing.</summary>
internal sealed class CompactCall(IOverlayAdministration overlay, ProgressResponses progress) : IAdministrationCall
{
    /// <inheritdoc/>
    public string Method => "POST";

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Parameters => ["bucket", "prefix"];

    /// <inheritdoc/>
    public async Task<(string Result, S3Exception? Failure)> RunAsync(CallParameters parameters, S3Request request, S3Response response,
        CancellationToken cancellationToken)
    {
        var (bucket, prefix, count) = (parameters.RequireBucket(), parameters.Prefix ?? "", new CompactCount());
        var failure = await progress.RunAsync(
            token => overlay.CompactAsync(bucket, prefix, count, token), json => Write(json, count), request, response, cancellationToken);
        return ($"{count.Tombstones} tombstones looked at, {count.Removed} removed, {count.Kept} left", failure);
    }

    private static void Write(Utf8JsonWriter json, CompactCount count)
    {
        json.WriteNumber("tombstones", count.Tombstones);
        json.WriteNumber("removed", count.Removed);
        json.WriteNumber("kept", count.Kept);
        json.WriteNumber("remotePages", count.Pages);
    }
}
