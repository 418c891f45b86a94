using S3Overlay.Proxy.Protocol.Forms;

namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>What authentication found about a form.</summary>
/// <param name="Caller">Who signed it; <see cref="S3Caller.Anonymous"/> where nobody did.</param>
/// <param name="Policy">What was signed, found to be met; null where the form has none.</param>
internal readonly record struct AuthenticatedForm(S3Caller Caller, PostPolicy? Policy);
