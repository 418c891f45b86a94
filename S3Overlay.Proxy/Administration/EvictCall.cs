using System.Text.Json;

using S3Overlay.Proxy.Overlay.Administration;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Administration;

/// <summary><c>POST evict</c>: evicts the cache entries of a bucket, prefix or key, or all (rule E3).</summary>
internal sealed class EvictCall(IOverlayAdministration overlay, ProgressResponses progress) : IAdministrationCall
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
        var count = new EvictCount();
        var failure = await progress.RunAsync(
            token => overlay.EvictAsync(scope, count, token), json => Write(json, count), request, response, cancellationToken);
        return ($"{count.Entries} entries with {count.Bytes} bytes, {count.Failed} failed", failure);
    }

    private static void Write(Utf8JsonWriter json, EvictCount count)
    {
        json.WriteNumber("entries", count.Entries);
        json.WriteNumber("bytes", count.Bytes);
        json.WriteNumber("failed", count.Failed);
    }
}
