using System.Text.Json;

using S3Overlay.Proxy.Overlay.Administration;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Administration;

/// <summary><c>POST compact</c>: tombstones of a bucket that hide nothing go.</summary>
internal sealed class CompactCall(IOverlayAdministration overlay, ProgressResponses progress) : IAdministrationCall
{
    /// <inheritdoc/>
    public string Method => "POST";

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Parameters => ["bucket", "prefix"];

    /// <inheritdoc/>
    public async Task<CallOutcome> AnswerAsync(CallParameters parameters, S3Request request, S3Response answer,
        CancellationToken cancellationToken)
    {
        var (bucket, prefix, count) = (parameters.RequireBucket(), parameters.Prefix ?? "", new CompactCount());
        var failure = await progress.AnswerAsync(
            token => overlay.CompactAsync(bucket, prefix, count, token), json => Write(json, count), request, answer, cancellationToken);
        return new CallOutcome($"{count.Tombstones} tombstones looked at, {count.Removed} removed, {count.Kept} left", failure);
    }

    private static void Write(Utf8JsonWriter json, CompactCount count)
    {
        json.WriteNumber("tombstones", count.Tombstones);
        json.WriteNumber("removed", count.Removed);
        json.WriteNumber("kept", count.Kept);
        json.WriteNumber("remotePages", count.Pages);
    }
}
