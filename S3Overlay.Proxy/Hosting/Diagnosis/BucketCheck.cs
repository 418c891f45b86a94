using S3Overlay.Proxy.Configuration.Values;
using S3Overlay.Proxy.Forwarding.Remotes;
using S3Overlay.Proxy.Overlay.Remotes;

namespace S3Overlay.Proxy.Hosting.Diagnosis;

/// <summary>Whether a mapped bucket exists and can be listed. Clients would see it as an empty bucket if not.</summary>
/// <param name="requests">Sends requests to the endpoint.</param>
/// <param name="endpoint">Its name in findings.</param>
/// <param name="place">The bucket there, and the client's name of it.</param>
/// <param name="setting">The setting that maps it; null for a bucket that no setting names.</param>
internal sealed class BucketCheck(EndpointRequests requests, CheckedEndpoint endpoint, BucketMapping place, string? setting)
{
    public BucketMapping Place => place;

    /// <summary>A key in it that the last run found; null for none.</summary>
    public string? Key { get; private set; }

    private string Setting => setting ?? endpoint.EndpointSetting;

    private string Bucket => $"the bucket \"{place.Remote}\"";

    private string Shown => setting is null ? "" : $", which {place.Here} shows";

    /// <summary>Runs the check. A problem is a finding, not an exception.</summary>
    public async Task<Finding> RunAsync(CancellationToken cancellationToken)
    {
        var reply = await requests.FirstKeyAsync(place.Remote, place.Prefix, cancellationToken);
        Key = reply.Names is [var first, ..] ? first : null;
        return (EndpointFindings.Of(reply, endpoint) ?? Of(reply)) with { Subject = setting is null ? "bucket" : $"bucket {place.Here}" };
    }

    private Finding Of(EndpointReply reply) => reply switch
    {
        { IsUnderstood: true } when Key is null && place.Prefix.Length > 0 => Found(
            Verdict.Undecided,
            $"{endpoint.Name} has {Bucket}, and nothing in it under \"{place.Prefix}\"{Shown}.",
            $"Correct the prefix in {Setting}, unless its objects are still to come."),
        { IsUnderstood: true } =>
            Found(Verdict.Passed, $"{endpoint.Name} has {Bucket}, and lets it be listed{(Key is null ? ". It is empty" : "")}."),
        { Failure.Failure: RemoteFailure.NoSuchBucket or RemoteFailure.NoSuchKey } => Found(
            Verdict.Failed, $"{endpoint.Name} does not have {Bucket}{Shown}.", $"Correct its name in {Setting}, or create it there."),
        { Failure.Failure: RemoteFailure.AccessDenied } => Found(
            Verdict.Undecided,
            $"{endpoint.Name} does not let {Bucket}{Shown} be listed ({EndpointFindings.Answer(reply)}). Whether it exists is unknown.",
            $"Allow s3:ListBucket, or correct its name in {Setting}."),
        { Status: < 300, Failure: { } nonsense } =>
            Found(Verdict.Undecided, $"The listing of {Bucket}{Shown} is not S3's: {nonsense.Message}",
            $"Check that {endpoint.EndpointSetting} is the address of S3."),
        _ => Found(
            Verdict.Undecided,
            $"{endpoint.Name} answers {EndpointFindings.Answer(reply)} when {Bucket}{Shown} is listed. Whether it exists is unknown.",
            $"Check {endpoint.EndpointSetting} and {Setting}."),
    };

    private Finding Found(Verdict verdict, string message, string? remedy = null) =>
        new("", verdict, message, remedy) { Setting = Setting };
}
