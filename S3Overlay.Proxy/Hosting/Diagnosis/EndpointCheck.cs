using S3Overlay.Proxy.Forwarding.Remotes;

namespace S3Overlay.Proxy.Hosting.Diagnosis;

/// <summary>Whether an endpoint responds, and accepts the credentials. Which buckets they may see does not matter.</summary>
/// <param name="requests">Sends it requests.</param>
/// <param name="endpoint">Its name in findings.</param>
internal sealed class EndpointCheck(EndpointRequests requests, CheckedEndpoint endpoint)
{
    /// <summary>The last response; null before the first run.</summary>
    public EndpointReply? Last { get; private set; }

    public async Task<Finding> RunAsync(CancellationToken cancellationToken)
    {
        var reply = Last = await requests.BucketsAsync(cancellationToken);
        return EndpointFindings.Of(reply, endpoint) ?? reply switch
        {
            { IsUnderstood: true } => Found(Verdict.Passed, $"{endpoint.Name} answers."),
            { Status: < 300 } or { Status: >= 400 and not 501, Failure.Code: "" } => Found(
                Verdict.Undecided,
                $"{endpoint.Name} answers, but not as S3 does.",
                $"Check that {endpoint.EndpointSetting} is the address of S3, and not of a console or web page."),
            _ => Found(Verdict.Passed,
                $"{endpoint.Name} answers. It does not let its buckets be listed ({EndpointFindings.Answer(reply)}), which is not needed."),
        };

        Finding Found(Verdict verdict, string message, string? remedy = null) =>
            new(endpoint.Role, verdict, message, remedy) { Setting = endpoint.EndpointSetting };
    }
}
