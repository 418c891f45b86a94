using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Configuration.Values;
using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Forwarding.Remotes;

namespace S3Overlay.Proxy.Hosting.Diagnosis;

/// <summary>What there is to check about one remote.</summary>
/// <param name="options">The remote.</param>
/// <param name="questions">Asks it.</param>
/// <param name="credentials">What it is asked with.</param>
internal sealed class RemoteChecks(RemoteOptions options, EndpointQuestions questions, ICredentialSource credentials)
{
    /// <summary>The remote.</summary>
    public RemoteOptions Options => options;

    /// <summary>Asks it.</summary>
    public EndpointQuestions Questions => questions;

    /// <summary>What it is asked with.</summary>
    public ICredentialSource Credentials => credentials;

    /// <summary>What to call it.</summary>
    public CheckedEndpoint Name { get; } = CheckedEndpoint.Of(options, questions.Settings);

    /// <summary>Whether it answers.</summary>
    public EndpointCheck Endpoint { get; } = new(questions, CheckedEndpoint.Of(options, questions.Settings));

    /// <summary>Whether the buckets are there that the settings map.</summary>
    public IReadOnlyList<BucketCheck> Buckets { get; } =
    [
        .. options.Mapping.Select(place => new BucketCheck(
            questions, CheckedEndpoint.Of(options, questions.Settings), place, options.Settings.Places.Name)),
    ];

    /// <summary>A bucket that no setting names.</summary>
    public BucketCheck BucketOf(string name) => new(questions, Name, new BucketMapping(name, name, ""), null);
}
