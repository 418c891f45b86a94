namespace S3Overlay.WebConsole.Gateway;

/// <summary>The signed-in key that a page belongs to.</summary>
internal interface ICaller
{
    /// <summary>Who the page's requests are from.</summary>
    /// <exception cref="UnknownKeyException">The session is over.</exception>
    Task<ProxyCaller> CallerAsync();

    /// <summary>Ends the session: the proxy no longer has its key.</summary>
    Task EndAsync();
}
