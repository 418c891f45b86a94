using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Administration;

/// <summary>One call of the administration.</summary>
internal interface IAdministrationCall
{
    /// <summary>Its method.</summary>
    string Method { get; }

    /// <summary>The parameters it has; any other is refused, since a misspelt one would have it do more than was meant.</summary>
    IReadOnlyCollection<string> Parameters { get; }

    /// <summary>Answers it.</summary>
    /// <exception cref="S3Exception">A parameter is wrong, or the call cannot be done.</exception>
    Task<CallOutcome> AnswerAsync(CallParameters parameters, S3Request request, S3Response answer, CancellationToken cancellationToken);
}
