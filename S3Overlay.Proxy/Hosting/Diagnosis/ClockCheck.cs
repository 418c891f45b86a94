namespace S3Overlay.Proxy.Hosting.Diagnosis;

/// <summary>Whether this machine's clock and an endpoint's agree, by the date of the endpoint's last answer.</summary>
/// <param name="asked">What has asked the endpoint.</param>
/// <param name="endpoint">What to call it.</param>
internal sealed class ClockCheck(EndpointCheck asked, CheckedEndpoint endpoint) : ICheck
{
    /// <inheritdoc/>
    public Task<Finding> RunAsync(CancellationToken cancellationToken) => Task.FromResult(asked.Last?.Ahead switch
    {
        null => Found(Verdict.Undecided, $"{endpoint.Name} sends no date in its responses.",
            "Nothing has to be done, unless signatures are refused."),
        { } ahead when ahead.Duration() > EndpointFindings.ClockTolerance => Found(
            Verdict.Failed,
            $"This machine's clock is {EndpointFindings.Difference(ahead)} {(ahead > TimeSpan.Zero ? "behind" : "ahead of")} "
            + $"that of {endpoint.Name}.",
            "Set it, best by NTP: signatures of clients are judged by it too, and S3 refuses those that are 15 minutes off."),
        { } ahead => Found(
            Verdict.Passed, $"This machine's clock and that of {endpoint.Name} differ by {EndpointFindings.Difference(ahead)}."),
    });

    private Finding Found(Verdict verdict, string message, string? remedy = null) =>
        new($"{endpoint.Role} clock", verdict, message, remedy);
}
