namespace S3Overlay.Proxy.Forwarding.Credentials;

/// <summary>
/// Whether a remote's credentials can be obtained, as <see cref="RemoteCredentials.CheckAsync"/> found out. Holds no secret.
/// </summary>
/// <param name="Source">Where they come from, such as <c>the AWS profile 'team' (S3_OVERLAY_REMOTE_PROFILE)</c>.</param>
/// <param name="AccessKeyId">The access key id, which is no secret; null without credentials, and for a remote that is read without a
/// signature.</param>
/// <param name="Expires">When they expire; null for never, and where the source does not say.</param>
/// <param name="Problem">What went wrong, as a sentence; null where all is well.</param>
/// <param name="Remedy">What to do about it, as a sentence; null where all is well.</param>
public sealed record CredentialCheck(string Source, string? AccessKeyId, DateTimeOffset? Expires, string? Problem, string? Remedy);
