namespace S3Overlay.WebConsole.Gateway;

/// <summary>The signed-in key that a page belongs to.</summary>
internal interface ICaller
{
    /// <summary>Who the page's requests are from.</summary>
    /// <exception cref="UnknownKeyException">The session is over.</exception>
    Task<ProxyCaller> CallerAsync();

    /// <summary>Cancelled when the session ends.</summary>
    Task<CancellationToken> EndedAsync() => Task.FromResult(CancellationToken.None);

    /// <summary>Ends the session: the proxy no longer has its key.</summary>
    Task EndAsync();
}
