using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Overlay.Administration;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Administration;

/// <summary><c>GET explain</c>: what clients see of a key or a bucket, and why.</summary>
internal sealed class ExplainCall(IOverlayAdministration overlay) : IAdministrationCall
{
    /// <inheritdoc/>
    public string Method => "GET";

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Parameters => ["bucket", "key", "remote"];

    /// <inheritdoc/>
    public async Task<(string Result, S3Exception? Failure)> RunAsync(CallParameters parameters, S3Request request, S3Response response,
        CancellationToken cancellationToken)
    {
        var (bucket, key, asksRemote) = (parameters.RequireBucket(), parameters.Key, parameters.Flag("remote", otherwise: true));
        var json = new JsonLines();
        string result;
        if (key is null)
        {
            var report = await overlay.ExplainAsync(bucket, asksRemote, cancellationToken);
            BucketReportJson.Write(json, bucket, report);
            result = report.IsVisible switch { true => "it is there", false => "it is not there", null => "the remote did not say" };
        }
        else
        {
            var report = await overlay.ExplainAsync(request, bucket, key, asksRemote, cancellationToken);
            KeyReportJson.Write(json, bucket, key, report);
            result = report.Reason.ToString();
        }

        response.Status = StatusCodes.Status200OK;
        response.Headers.ContentType = "application/json";
        await json.SendLineAsync(response, cancellationToken);
        return (result, null);
    }
}
