using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Protocol.FrontDoor;

/// <summary>Where the administration's requests go.</summary>
/// <param name="Service">Answers them.</param>
/// <param name="Authenticator">
/// Checks their signatures, which they need whatever clients of S3 need: in headers, since links get around, and of version 4, since
/// version 2 signs no parameters.
/// </param>
public sealed record AdministrationDoor(IS3Service Service, RequestAuthenticator Authenticator);
