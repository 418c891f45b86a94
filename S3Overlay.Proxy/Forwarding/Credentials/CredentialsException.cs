namespace S3Overlay.Proxy.Forwarding.Credentials;

/// <summary>No credentials. The message is for operators: it names the source and what to do, and never holds a secret.</summary>
/// <param name="problem">What went wrong, as a sentence that names the source.</param>
/// <param name="remedy">What to do about it, as a sentence.</param>
/// <param name="cause">What the source threw; null where that may hold secrets.</param>
internal sealed class CredentialsException(string problem, string remedy, Exception? cause = null)
    : InvalidOperationException($"{problem} {remedy}", cause)
{
    /// <summary>What went wrong.</summary>
    public string Problem => problem;

    /// <summary>What to do about it.</summary>
    public string Remedy => remedy;
}
