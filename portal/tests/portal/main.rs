//! The portal on real sockets, with something in the core's place that writes down what it is asked.

#[cfg(test)]
mod enrolment;
#[cfg(test)]
mod fake_core;
#[cfg(test)]
mod flow;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod language;
#[cfg(test)]
mod problems;
#[cfg(test)]
mod sealing;
#[cfg(test)]
mod site;
