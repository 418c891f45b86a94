using System.Reflection;

using Xunit.Abstractions;
using Xunit.Sdk;

[assembly: TestFramework("S3Overlay.Tests.Support.Skipping.SkippingFramework", "S3Overlay.Tests")]

namespace S3Overlay.Tests.Support.Skipping;

/// <summary>
/// The usual test framework, except that a class may declare what it needs: without it, its tests are skipped with that reason. A fact's
/// own <c>Skip</c> cannot do that, because only some of the classes that inherit the test need anything.
/// </summary>
public sealed class SkippingFramework(IMessageSink messages) : XunitTestFramework(messages)
{
    protected override ITestFrameworkDiscoverer CreateDiscoverer(IAssemblyInfo assemblyInfo) =>
        new SkippingDiscoverer(assemblyInfo, SourceInformationProvider, DiagnosticMessageSink);

    protected override ITestFrameworkExecutor CreateExecutor(AssemblyName assemblyName) =>
        new SkippingExecutor(assemblyName, SourceInformationProvider, DiagnosticMessageSink);
}
