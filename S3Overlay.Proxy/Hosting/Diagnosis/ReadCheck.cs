using S3Overlay.Proxy.Forwarding.Remotes;
using S3Overlay.Proxy.Overlay.Remotes;

namespace S3Overlay.Proxy.Hosting.Diagnosis;

/// <summary>Whether an object of a remote can be read: one byte of a key that a listing named.</summary>
/// <param name="questions">Asks it.</param>
/// <param name="endpoint">What to call it.</param>
/// <param name="buckets">The buckets that were looked at.</param>
internal sealed class ReadCheck(EndpointQuestions questions, CheckedEndpoint endpoint, IReadOnlyList<BucketCheck> buckets) : ICheck
{
    /// <inheritdoc/>
    public async Task<Finding> RunAsync(CancellationToken cancellationToken)
    {
        if (buckets.FirstOrDefault(bucket => bucket.Key is not null) is not { } found)
        {
            return Found(Verdict.Undecided, $"No object of {endpoint.Name} is known, so that none was read.",
                "Nothing has to be done, if the buckets are empty or may not be listed.");
        }

        var (bucket, key) = (found.Place.Remote, found.Key!);
        var reply = await questions.ReadAsync(bucket, key, cancellationToken);
        var what = $"\"{key}\" in the bucket \"{bucket}\" of {endpoint.Name}";
        return EndpointFindings.Of(reply, endpoint) is { } failure ? failure with { Subject = $"{endpoint.Role} read" }
            : reply switch
            {
                // 416: an empty object has no first byte.
                { Status: < 300 or 416 } => Found(Verdict.Passed, $"{what} can be read."),
                { Failure.Failure: RemoteFailure.AccessDenied } =>
                    Found(Verdict.Failed, $"{what} may be listed and not read ({EndpointFindings.Answer(reply)}).",
                    $"Allow s3:GetObject to the keys of {endpoint.KeySetting}."),
                { Failure.Code: "InvalidObjectState" } => Found(Verdict.Undecided, $"{what} is archived, and no other was tried.",
                    "Nothing has to be done, unless objects that are not archived cannot be read."),
                _ => Found(Verdict.Failed, $"{what} cannot be read ({EndpointFindings.Answer(reply)}).",
                    $"See what ails it, or correct {endpoint.KeySetting}."),
            };
    }

    private Finding Found(Verdict verdict, string message, string? remedy = null) =>
        new($"{endpoint.Role} read", verdict, message, remedy) { Setting = endpoint.KeySetting };
}
