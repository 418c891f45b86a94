using System.Globalization;

using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Configuration.Values;
using S3Overlay.Proxy.Forwarding.Credentials;
using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Forwarding.Remotes;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Buckets;

namespace S3Overlay.Proxy.Hosting.Diagnosis;

/// <summary>The checks of one remote.</summary>
/// <param name="options">The remote.</param>
/// <param name="requests">Sends it requests.</param>
/// <param name="credentials">Signs them.</param>
/// <param name="time">The clock.</param>
internal sealed class RemoteChecks(RemoteOptions options, EndpointRequests requests, CredentialSource credentials, TimeProvider time)
{
    private readonly CheckedEndpoint _endpoint = CheckedEndpoint.Of(options, requests.Settings);

    public RemoteOptions Options => options;

    /// <summary>Whether it responds.</summary>
    public EndpointCheck Endpoint { get; } = new(requests, CheckedEndpoint.Of(options, requests.Settings));

    /// <summary>Whether the mapped buckets exist.</summary>
    public IReadOnlyList<BucketCheck> Buckets { get; } =
    [
        .. options.Mapping.Select(place =>
            new BucketCheck(requests, CheckedEndpoint.Of(options, requests.Settings), place, options.Settings.Places.Name)),
    ];

    /// <summary>The check of a bucket that no setting names.</summary>
    public BucketCheck BucketOf(string name) => new(requests, _endpoint, new BucketMapping(name, name, ""), null);

    /// <summary>Whether the credentials can be obtained, and whose they are. Only AWS names the account.</summary>
    public async Task<Finding> CheckCredentialsAsync(CancellationToken cancellationToken)
    {
        var setting = _endpoint.KeySetting;
        var found = await RemoteCredentials.CheckAsync(options, cancellationToken);
        if (found.Problem is { } problem)
        {
            return Found(Verdict.Failed, problem, found.Remedy);
        }

        if (found.AccessKeyId is not { } key)
        {
            return Found(Verdict.Passed, $"Requests to {_endpoint.Name} are not signed ({setting}).");
        }

        var source = found.Source == options.Settings.NameOf(Settings.RemoteAccessKeyId) ? setting : found.Source;
        var until = found.Expires is { } expires
            ? string.Create(CultureInfo.InvariantCulture, $", good until {expires.UtcDateTime:yyyy-MM-dd HH:mm} UTC") : "";
        var shown = $"the access key {CheckedEndpoint.Shortened(key)} of {source}{until}";
        if (!AwsHosts.IsOne(requests.Settings.Address.Host))
        {
            return Found(Verdict.Passed, $"Requests to {_endpoint.Name} are signed with {shown}.");
        }

        var keys = await credentials(cancellationToken);
        return await CallerIdentity.FindAsync(requests.Settings, keys!, time, EndpointRequests.Timeout, cancellationToken) switch
        {
            { Arn: { } arn } => Found(Verdict.Passed, $"AWS knows {shown}: it is {arn}."),
            { IsRefused: true, Code: var code } =>
                Found(Verdict.Failed, $"AWS does not accept {shown}: {code}.", $"Correct {setting}, or get new temporary keys."),
            { Code: var code } => Found(Verdict.Undecided,
                $"Requests to {_endpoint.Name} are signed with {shown}. Whose it is, AWS did not say: {code}.",
                "You need to do nothing, unless a check below fails."),
        };

        Finding Found(Verdict verdict, string message, string? remedy = null) =>
            new($"{_endpoint.Role} credentials", verdict, message, remedy) { Setting = setting };
    }

    /// <summary>Whether the clocks agree, by the date of the endpoint's last response.</summary>
    public Finding CheckClock()
    {
        return Endpoint.Last?.Ahead switch
        {
            null => Found(Verdict.Undecided, $"{_endpoint.Name} sends no date in its responses.",
                "You need to do nothing, unless signatures are refused."),
            { } ahead when ahead.Duration() > EndpointFindings.ClockTolerance => Found(
                Verdict.Failed,
                $"This machine's clock is {EndpointFindings.Difference(ahead)} {(ahead > TimeSpan.Zero ? "behind" : "ahead of")} "
                + $"that of {_endpoint.Name}.",
                "Set it, best by NTP: the proxy checks clients' signatures by it too, and S3 refuses those that are 15 minutes off."),
            { } ahead => Found(
                Verdict.Passed, $"This machine's clock and that of {_endpoint.Name} differ by {EndpointFindings.Difference(ahead)}."),
        };

        Finding Found(Verdict verdict, string message, string? remedy = null) => new($"{_endpoint.Role} clock", verdict, message, remedy);
    }

    /// <summary>Whether an object can be read: one byte of a key that the check of a bucket found.</summary>
    public async Task<Finding> CheckReadAsync(IReadOnlyList<BucketCheck> buckets, CancellationToken cancellationToken)
    {
        if (buckets.FirstOrDefault(static bucket => bucket.Key is not null) is not { Place.Remote: var bucket, Key: { } key })
        {
            return Found(Verdict.Undecided, $"No object of {_endpoint.Name} is known, so none was read.",
                "You need to do nothing if the buckets are empty or may not be listed.");
        }

        var reply = await requests.ReadAsync(bucket, key, cancellationToken);
        var what = $"\"{key}\" in the bucket \"{bucket}\" of {_endpoint.Name}";
        return EndpointFindings.Of(reply, _endpoint) is { } failure ? failure with { Subject = $"{_endpoint.Role} read" } : reply switch
        {
            // 416: an empty object has no first byte.
            { Status: < 300 or 416 } => Found(Verdict.Passed, $"{what} can be read."),
            { Failure.Failure: RemoteFailure.AccessDenied } =>
                Found(Verdict.Failed, $"{what} can be listed but not read ({EndpointFindings.Answer(reply)}).",
                $"Allow s3:GetObject to the keys of {_endpoint.KeySetting}."),
            { Failure.Code: "InvalidObjectState" } => Found(Verdict.Undecided, $"{what} is archived. No other object was tried.",
                "You need to do nothing, unless objects that are not archived cannot be read."),
            _ => Found(Verdict.Failed, $"{what} cannot be read ({EndpointFindings.Answer(reply)}).",
                $"Check the remote, or correct {_endpoint.KeySetting}."),
        };

        Finding Found(Verdict verdict, string message, string? remedy = null) =>
            new($"{_endpoint.Role} read", verdict, message, remedy) { Setting = _endpoint.KeySetting };
    }
}
