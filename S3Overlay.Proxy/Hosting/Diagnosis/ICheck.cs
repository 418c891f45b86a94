namespace S3Overlay.Proxy.Hosting.Diagnosis;

/// <summary>
/// One thing that has to be right for the proxy to do what its settings say. The start tries those of the remotes in the background
/// (<see cref="RemoteProbe"/>); the command <c>doctor</c> runs all there are.
/// </summary>
internal interface ICheck
{
    /// <summary>Looks. Trouble is a finding, not an exception.</summary>
    Task<Finding> RunAsync(CancellationToken cancellationToken);
}
