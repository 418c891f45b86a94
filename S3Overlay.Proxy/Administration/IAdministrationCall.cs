using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Administration;

/// <summary>One call of the administration.</summary>
internal interface IAdministrationCall
{
    /// <summary>The HTTP method.</summary>
    string Method { get; }

    /// <summary>Its parameters. Others are rejected: a misspelt one would make the call do more than intended.</summary>
    IReadOnlyCollection<string> Parameters { get; }

    /// <summary>Runs the call and sends its response.</summary>
    /// <returns>
    /// What it did or found, for the log; and the error that ended it early if the response had already started, otherwise null.
    /// </returns>
    /// <exception cref="S3Exception">A parameter is wrong, or the call cannot be done.</exception>
    Task<(string Result, S3Exception? Failure)> RunAsync(CallParameters parameters, S3Request request, S3Response response,
        CancellationToken cancellationToken);
}
